"""The inner loops of the renderer: z-buffer, smooth normals, shading. Compiled by numba.

Everything here is single-threaded and free of fast-math, so equal input gives equal bytes.
"""

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import MissingExtraError

try:
    from numba import njit
except ImportError as error:
    raise MissingExtraError(
        "rendering needs numba", hint='Run: pip install "facial-mimicry[synth]"'
    ) from error

__all__ = ["BACKGROUND", "develop", "draw", "occlusion_from", "shade", "vertex_normals"]

BACKGROUND = -1
SKIN, LEFT_EYE, RIGHT_EYE, TEETH, TONGUE, LASHES, GLASSES = range(7)


@njit(cache=True)
def vertex_normals(
    points: NDArray[np.float64], triangles: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return area-weighted unit normals (V, 3)."""
    out = np.zeros_like(points)
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, az = points[j] - points[i]
        bx, by, bz = points[k] - points[i]
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        for v in (i, j, k):
            out[v, 0] += nx
            out[v, 1] += ny
            out[v, 2] += nz
    for v in range(out.shape[0]):
        length = np.sqrt(out[v, 0] ** 2 + out[v, 1] ** 2 + out[v, 2] ** 2)
        if length > 0:
            out[v] /= length
    return out


@njit(cache=True)
def draw(
    screen: NDArray[np.float64],
    triangles: NDArray[np.int64],
    sheer: NDArray[np.bool_],
    nearest: NDArray[np.float64],
    ids: NDArray[np.int32],
) -> None:
    """Fill `ids` (h, w) with the nearest triangle of every sample.

    `screen` (V, 3) holds x and y in samples and a depth that grows away from the viewer.
    Triangles that face away are skipped, except `sheer` ones, which also cover only every
    other sample (half transparent).
    """
    height, width = ids.shape
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0, z0 = screen[i, 0], screen[i, 1], screen[i, 2]
        x1, y1, z1 = screen[j, 0], screen[j, 1], screen[j, 2]
        x2, y2, z2 = screen[k, 0], screen[k, 1], screen[k, 2]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area >= 0 and not sheer[t]:  # y points down: front faces have negative area
            continue
        if abs(area) < 1e-9:
            continue
        left = max(int(np.ceil(min(x0, x1, x2) - 0.5)), 0)
        right = min(int(np.floor(max(x0, x1, x2) - 0.5)), width - 1)
        top = max(int(np.ceil(min(y0, y1, y2) - 0.5)), 0)
        bottom = min(int(np.floor(max(y0, y1, y2) - 0.5)), height - 1)
        a1 = (y2 - y0) / area
        b1 = -(x2 - x0) / area
        a2 = -(y1 - y0) / area
        b2 = (x1 - x0) / area
        for y in range(top, bottom + 1):
            py = y + 0.5 - y0
            for x in range(left, right + 1):
                px = x + 0.5 - x0
                w1 = a1 * px + b1 * py
                w2 = a2 * px + b2 * py
                if w1 < 0 or w2 < 0 or w1 + w2 > 1:
                    continue
                if sheer[t] and (x + y) % 2 == 0:
                    continue
                depth = z0 + w1 * (z1 - z0) + w2 * (z2 - z0)
                if depth < nearest[y, x]:
                    nearest[y, x] = depth
                    ids[y, x] = t


@njit(cache=True)
def occlusion_from(
    screen: NDArray[np.float64], nearest: NDArray[np.float64], slack: float
) -> NDArray[np.bool_]:
    """Return (V,) True where a vertex is hidden behind the depth map `nearest`."""
    height, width = nearest.shape
    out = np.zeros(screen.shape[0], dtype=np.bool_)
    for v in range(screen.shape[0]):
        x, y = int(screen[v, 0]), int(screen[v, 1])
        if 0 <= x < width and 0 <= y < height:
            out[v] = screen[v, 2] > nearest[y, x] + slack
    return out


@njit(cache=True)
def _sample(texture: NDArray[np.float32], u: float, v: float, out: NDArray[np.float64]) -> None:
    height, width, _ = texture.shape
    x = min(max(u * width - 0.5, 0.0), width - 1.001)
    y = min(max(v * height - 0.5, 0.0), height - 1.001)
    i, j = int(x), int(y)
    fx, fy = x - i, y - j
    for c in range(3):
        upper = texture[j, i, c] * (1 - fx) + texture[j, i + 1, c] * fx
        lower = texture[j + 1, i, c] * (1 - fx) + texture[j + 1, i + 1, c] * fx
        out[c] = upper * (1 - fy) + lower * fy


@njit(cache=True)
def _eye_colour(
    local: NDArray[np.float64], eye: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Write the colour of the eyeball at a point of its own frame (mm, z forward).

    `eye` holds iris r, g, b, iris radius, pupil radius.
    """
    r = np.sqrt(local[0] ** 2 + local[1] ** 2)
    if local[2] < 0:
        r = 99.0
    edge = min(max((r - eye[3] + 0.35) / 0.7, 0.0), 1.0)
    pupil = min(max((eye[4] - r + 0.3) / 0.6, 0.0), 1.0)
    angle = np.arctan2(local[1], local[0])
    spokes = 0.85 + 0.15 * np.sin(23 * angle + 3 * np.sin(5 * angle))
    depth = 0.55 + 0.45 * (1 - (r / eye[3]) ** 4)
    red = min(max((r - 7) / 8, 0.0), 1.0)
    white = (0.72 - 0.05 * red, 0.68 - 0.20 * red, 0.64 - 0.19 * red)
    for c in range(3):
        iris = eye[c] * spokes * depth * (1 - pupil) + 0.004 * pupil
        out[c] = iris * (1 - edge) + white[c] * edge


# One compiled loop over all samples of a pixel: cut into functions that hand records on, it would
# allocate them for every sample, so it may be long and take each array as a parameter.
@njit(cache=True)
def shade(
    ids: NDArray[np.int32],
    screen: NDArray[np.float64],
    triangles: NDArray[np.int64],
    kinds: NDArray[np.int64],
    normals: NDArray[np.float64],
    attributes: NDArray[np.float64],
    texture: NDArray[np.float32],
    colours: NDArray[np.float64],
    eye: NDArray[np.float64],
    lights: NDArray[np.float64],
    picture: NDArray[np.float32],
) -> None:
    """Add the head to `picture` (H, W, 3), linear light, which comes with the background.

    Every pixel has 2 x 2 samples; each triangle seen in it is shaded once, where it is seen.

    attributes (V, 9)
        texture u, v, lips, inside of the mouth, light that reaches the vertex, gloss, and the
        eyeball's own coordinates (mm).
    colours (7, 3)
        lips (factor on the skin), inside of the mouth, teeth, tongue, lashes, spectacles, light
        through the skin.
    lights (5, 3)
        direction and colour of key light; direction and colour of fill; ambient colour.
    """
    height, width, _ = picture.shape
    colour = np.zeros(3)
    local = np.zeros(3)
    value = np.zeros(9)
    total = np.zeros(3)
    seen = np.zeros(4, dtype=np.int64)
    for row in range(height):
        for column in range(width):
            any_hit = False
            for s in range(4):
                seen[s] = ids[2 * row + s // 2, 2 * column + s % 2]
                any_hit = any_hit or seen[s] >= 0
            if not any_hit:
                continue
            total[:] = 0.0
            for s in range(4):
                t = seen[s]
                if t == -2:
                    continue
                share, sx, sy = 0, 0.0, 0.0
                for q in range(s, 4):
                    if seen[q] == t:
                        share += 1
                        sx += 2 * column + q % 2 + 0.5
                        sy += 2 * row + q // 2 + 0.5
                        if q > s:
                            seen[q] = -2
                if t == -1:
                    for c in range(3):
                        total[c] += 0.25 * share * picture[row, column, c]
                    continue
                sx /= share
                sy /= share
                i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                x0, y0 = screen[i, 0], screen[i, 1]
                ax, ay = screen[j, 0] - x0, screen[j, 1] - y0
                bx, by = screen[k, 0] - x0, screen[k, 1] - y0
                area = ax * by - bx * ay
                w1 = ((sx - x0) * by - bx * (sy - y0)) / area
                w2 = (ax * (sy - y0) - (sx - x0) * ay) / area
                w1 = min(max(w1, 0.0), 1.0)
                w2 = min(max(w2, 0.0), 1.0 - w1)
                w0 = 1.0 - w1 - w2
                for c in range(9):
                    value[c] = w0 * attributes[i, c] + w1 * attributes[j, c] + w2 * attributes[k, c]
                nx = w0 * normals[i, 0] + w1 * normals[j, 0] + w2 * normals[k, 0]
                ny = w0 * normals[i, 1] + w1 * normals[j, 1] + w2 * normals[k, 1]
                nz = w0 * normals[i, 2] + w1 * normals[j, 2] + w2 * normals[k, 2]
                length = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-12
                nx, ny, nz = nx / length, ny / length, nz / length
                kind, weight = kinds[t], 0.25 * share
                gloss, wrap = value[5], 0.25
                if kind == SKIN:
                    _sample(texture, value[0], value[1], colour)
                    for c in range(3):
                        colour[c] += colour[c] * (colours[0, c] - 1) * value[2]
                        colour[c] += (colours[1, c] - colour[c]) * value[3]
                elif kind in (LEFT_EYE, RIGHT_EYE):
                    for c in range(3):
                        local[c] = value[6 + c]
                    _eye_colour(local, eye, colour)
                    gloss, wrap = 0.9, 0.4
                else:
                    pick = kind - 1  # teeth, tongue, lashes, spectacles follow in this order
                    for c in range(3):
                        colour[c] = colours[pick, c]
                    gloss = 0.25 if kind in (TEETH, GLASSES) else 0.0
                for c in range(3):
                    total[c] += weight * colour[c] * lights[4, c] * value[4] * (0.75 + 0.25 * ny)
                for n in range(2):
                    lx, ly, lz = lights[2 * n, 0], lights[2 * n, 1], lights[2 * n, 2]
                    facing = nx * lx + ny * ly + nz * lz
                    hx, hy, hz = lx, ly, lz + 1.0
                    half = np.sqrt(hx * hx + hy * hy + hz * hz)
                    m = max((nx * hx + ny * hy + nz * hz) / half, 0.0)
                    mirror = m * m
                    mirror *= mirror * mirror * mirror  # to the eighth
                    if kind in (LEFT_EYE, RIGHT_EYE):
                        mirror = mirror**11
                    dull = max((facing + wrap) / (1 + wrap), 0.0)
                    edge = max(1 - abs(facing) * 3, 0.0) if kind == SKIN else 0.0
                    reach = weight * (0.35 + 0.65 * value[4])
                    for c in range(3):
                        shown = colour[c] * (dull + 0.12 * edge * colours[6, c])
                        shown += gloss * mirror * max(facing, 0.0)
                        total[c] += reach * lights[2 * n + 1, c] * shown
            for c in range(3):
                picture[row, column, c] = total[c]


@njit(cache=True)
def develop(
    light: NDArray[np.float32],
    gain: NDArray[np.float32],
    curve: NDArray[np.float32],
    noise: NDArray[np.float32],
) -> NDArray[np.uint8]:
    """Turn linear light (H, W, 3) into 8-bit values through a tone curve.

    `noise` is (H, W, 3) in steps of 0..255, or empty for none.
    """
    height, width, _ = light.shape
    out = np.empty((height, width, 3), dtype=np.uint8)
    top = np.float32(curve.shape[0] - 1)
    noisy = noise.size > 0
    for row in range(height):
        for column in range(width):
            for c in range(3):
                x = min(max(light[row, column, c] * gain[c], np.float32(0)), np.float32(1))
                value = curve[int(x * top + np.float32(0.5))]
                if noisy:
                    value += noise[row, column, c]
                out[row, column, c] = int(min(max(value + np.float32(0.5), 0.0), 255.0))
    return out
