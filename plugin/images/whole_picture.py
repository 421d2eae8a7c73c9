"""Full resolution: whether browsers show a file as we do, and a picture made for them if not."""

from __future__ import annotations

from PIL import Image

from .decode import has_transparency, readable
from .deep import Windows
from .thumbnails import Thumbnail, make_thumbnail

LARGEST_SIDE = 8_192
"""What is made for browsers is no larger: they refuse pictures of more."""

_FORMATS = frozenset({"JPEG", "PNG", "GIF", "WEBP", "BMP"})
_MODES = frozenset({"1", "L", "P", "RGB"})


def shown_by_browsers(path: str) -> bool:
    """Whether a browser shows a file as the panel's own decoder does; reads its header only.

    Not so TIFF and the like, deep pictures, whose window it does not know, CMYK, animations, and
    what is transparent, which it would lay over the page.

    Raises:
        UnreadableImageError: as ``decode.open_image``
    """
    with readable(path), Image.open(path) as image:
        return (
            image.format in _FORMATS
            and image.mode in _MODES
            and not getattr(image, "is_animated", False)
            and not has_transparency(image)
        )
    return False


def whole_picture(path: str, windows: Windows | None = None) -> Thumbnail:
    """A picture as large as it is, as PNG or JPEG; nothing of it is kept on disk.

    Args:
        path: the file
        windows: of the dataset's deep pictures, as for ``decode.decode_image``
    """
    return make_thumbnail(path, LARGEST_SIDE, windows)
