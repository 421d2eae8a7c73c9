"""Pictures of things on a table, made by casting rays: the photographs of docs/screenshots.

No two look alike: size, turn, colour, place, light, table and camera are drawn at random. Some
classes come close to others (a ball and an egg, a can and a pill), as in photographs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Points = NDArray[np.floating[Any]]
Distance = Callable[[Points], Points]

CLASSES = ("ball", "brick", "can", "cone", "die", "egg", "pill", "ring")
WIDTH, HEIGHT = 200, 150
STEPS = 36
FAR = 9.0
NEAR = 2e-3


def _length(*parts: Points) -> Points:
    return np.sqrt(sum(part * part for part in parts))


def _box(p: Points, half: tuple[float, float, float]) -> Points:
    q = np.abs(p) - np.array(half, np.float32)
    outside = _length(*np.moveaxis(np.maximum(q, 0), -1, 0))
    return outside + np.minimum(q.max(-1), 0) - 0.04


def _can(p: Points) -> Points:
    q = np.stack([_length(p[..., 0], p[..., 2]) - 0.4, np.abs(p[..., 1]) - 0.55], -1)
    return _length(*np.moveaxis(np.maximum(q, 0), -1, 0)) + np.minimum(q.max(-1), 0) - 0.03


def _pill(p: Points) -> Points:
    y = p[..., 1] - np.clip(p[..., 1], -0.35, 0.35)
    return _length(p[..., 0], y, p[..., 2]) - 0.35


def _cone(p: Points) -> Points:
    around = _length(p[..., 0], p[..., 2])
    slope = np.maximum(around * 0.88 + (p[..., 1] - 0.6) * 0.47, -0.6 - p[..., 1])
    return slope - 0.02


def _egg(p: Points) -> Points:
    scale = np.where(p[..., 1] > 0, 0.72, 0.56)
    return (_length(p[..., 0] / 0.5, p[..., 1] / scale, p[..., 2] / 0.5) - 1) * 0.45


def _ring(p: Points) -> Points:
    return _length(_length(p[..., 0], p[..., 1]) - 0.45, p[..., 2]) - 0.16


SHAPES: dict[str, Distance] = {
    "ball": lambda p: _length(p[..., 0], p[..., 1], p[..., 2]) - 0.56,
    "brick": lambda p: _box(p, (0.7, 0.26, 0.34)),
    "can": _can,
    "cone": _cone,
    "die": lambda p: _box(p, (0.42, 0.42, 0.42)),
    "egg": _egg,
    "pill": _pill,
    "ring": _ring,
}


def _turn(rng: np.random.Generator, upright: bool) -> Points:
    """A turn of the thing, mostly around the vertical."""
    a, b = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.12 if upright else 0.9)
    around = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    over = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return (around @ over).astype(np.float32)


def render(name: str, seed: int) -> Image.Image:
    """One picture of a thing of a class."""
    rng = np.random.default_rng(seed)
    turn, size = _turn(rng, rng.random() < 0.6), rng.uniform(0.75, 1.2)
    at = np.array([rng.uniform(-0.5, 0.5), 0.5 * size, rng.uniform(-0.4, 0.4)], np.float32)
    colour, table = rng.uniform(0.15, 0.95, 3), rng.uniform(0.3, 0.8, 3)
    light = np.array([rng.uniform(-0.8, 0.8), 1.0, rng.uniform(-0.9, -0.2)], np.float32)
    light /= np.linalg.norm(light)
    shape = SHAPES[name]

    def thing(p: Points) -> Points:
        return shape((p - at) @ turn / size) * size * 0.9

    def world(p: Points) -> Points:
        return np.minimum(thing(p), p[..., 1] + 0.02)

    def march(start: Points, way: Points) -> Points:
        gone = np.full(way.shape[:-1], 0.02, np.float32)
        for _ in range(STEPS):
            gone = np.minimum(gone + world(start + way * gone[..., None]), FAR)
        return gone

    eye = np.array([0, rng.uniform(1.0, 2.2), -3.0], np.float32)
    across, up = np.meshgrid(np.linspace(-0.66, 0.66, WIDTH), np.linspace(0.3, -0.7, HEIGHT))
    way = np.stack([across, up - (eye[1] - 1) * 0.2, np.ones_like(up)], -1).astype(np.float32)
    way /= np.linalg.norm(way, axis=-1, keepdims=True)
    gone = march(eye, way)
    hit = eye + way * gone[..., None]
    normal = np.stack(
        [
            world(hit + step) - world(hit - step)
            for step in np.eye(3, dtype=np.float32) * np.float32(NEAR)
        ],
        -1,
    )
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    shadow = (march(hit + normal * 0.02, np.broadcast_to(light, hit.shape)) < FAR) * 0.55
    on_thing = thing(hit) < 0.01
    grain = 0.06 * np.sin(hit[..., 0] * rng.uniform(4, 22) + 2 * np.sin(hit[..., 2] * 3))
    base = np.where(on_thing[..., None], colour, table * (1 + grain[..., None]))
    lit = 0.3 + 0.8 * np.clip(normal @ light, 0, 1) * (1 - shadow)
    back = 2 * (normal @ light)[..., None] * normal - light
    gloss = 0.4 * np.clip(-(back * way).sum(-1), 0, 1) ** 24 * on_thing
    wall = np.array(rng.uniform(0.35, 0.8, 3)) * (0.85 + 0.25 * up[..., None])
    surface = base * lit[..., None] + gloss[..., None]
    seen = np.where((gone < FAR)[..., None], surface, wall)
    seen += rng.normal(0, 0.015, seen.shape)
    return Image.fromarray((255 * np.clip(seen, 0, 1) ** 0.8).astype(np.uint8))


def class_of(path: str | Path) -> str:
    """What a picture that ``write_scenes`` made shows."""
    return CLASSES[int(Path(path).stem) % len(CLASSES)]


def write_scenes(folder: Path, count: int) -> list[tuple[Path, str]]:
    """So many pictures, the classes in turn; the path and the class of each."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for i in range(count):
        path = folder / f"{i:04}.jpg"
        name = class_of(path)
        if not path.exists():
            render(name, i).save(path, quality=90)
        made.append((path, name))
    return made
