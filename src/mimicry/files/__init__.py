"""Files on disk: atomic writing, stable bytes, digests, own formats, who may read them.

Missing values are ``n/a`` in TSV, empty in CSV and null in parquet.
"""

from mimicry.files import atomic, loading
from mimicry.files.access import Access, about_nobody, make_folders, private
from mimicry.files.assets import asset_folder
from mimicry.files.atomic import *  # noqa: F403  the module's own list says what is public
from mimicry.files.loading import *  # noqa: F403
from mimicry.files.results import Results

__all__ = ["Access", "Results", "about_nobody", "asset_folder", "make_folders", "private"]
__all__ += atomic.__all__
__all__ += loading.__all__
