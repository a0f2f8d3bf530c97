"""Files on disk: atomic writing, stable bytes, digests, own formats, who may read them.

Missing values are ``n/a`` in TSV, empty in CSV and null in parquet.
"""

from mimicry.files.access import (
    Access,
    about_nobody,
    make_folders,
    private,
)
from mimicry.files.assets import (
    asset_folder,
)
from mimicry.files.atomic import (
    atomic_path,
    clear_leftovers,
    digest,
    make_folder,
    output_stem,
    printable,
    scratch,
    sha256_of,
    take_away,
    to_json_text,
    write_csv,
    write_json,
    write_parquet,
    write_text,
    write_tsv,
    writing,
)
from mimicry.files.loading import (
    Shape,
    check_shape,
    is_there,
    json_value,
    open_parquet,
    parquet_note,
    read_bytes,
    read_json,
    read_json_lines,
    read_json_object,
    read_parquet,
    read_text,
    require_file,
)
from mimicry.files.results import (
    Results,
)

__all__ = [
    "Access",
    "Results",
    "Shape",
    "about_nobody",
    "asset_folder",
    "atomic_path",
    "check_shape",
    "clear_leftovers",
    "digest",
    "is_there",
    "json_value",
    "make_folder",
    "make_folders",
    "open_parquet",
    "output_stem",
    "parquet_note",
    "printable",
    "private",
    "read_bytes",
    "read_json",
    "read_json_lines",
    "read_json_object",
    "read_parquet",
    "read_text",
    "require_file",
    "scratch",
    "sha256_of",
    "take_away",
    "to_json_text",
    "write_csv",
    "write_json",
    "write_parquet",
    "write_text",
    "write_tsv",
    "writing",
]
