"""A soft chord under each clip: a few slowly swelling sines, seeded like the picture."""

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
_CHORDS = ((0, 7, 12, 16, 23), (0, 7, 12, 15, 22), (0, 5, 12, 16, 21), (0, 7, 14, 16, 19))  # semitones above the root
_ROOT = 98.0  # Hz, G2
_FADE = 0.6


def chord(digest: int, seconds: float) -> NDArray[np.float32]:
    """Return mono samples, shape (1, n), for `seconds` at RATE; equal digests sound equal."""
    rng = np.random.default_rng(digest)
    t = np.arange(round(seconds * RATE), dtype=np.float32) / np.float32(RATE)
    root = _ROOT * 2 ** (rng.integers(0, 8) / 12)
    tone = np.zeros_like(t)
    for step in _CHORDS[rng.integers(len(_CHORDS))]:
        turn = np.float32(2 * np.pi * root * 2 ** (step / 12))
        pace, start = np.float32(2 * np.pi * rng.uniform(0.08, 0.22)), np.float32(rng.uniform(0, 6.3))
        swell = np.float32(0.6) + np.float32(0.4) * np.sin(pace * t + start)
        tone += (
            (np.sin(turn * t) + np.float32(0.22) * np.sin(np.float32(2.003) * turn * t))
            * swell
            / np.float32(1 + step / 9)
        )
    shape = np.clip(np.minimum(t, seconds - t) / min(_FADE, seconds / 4), 0, 1)
    tone *= shape * shape * (3 - 2 * shape)
    return np.ascontiguousarray(tone[None] * (0.16 / max(float(np.abs(tone).max()), 1e-6)), dtype=np.float32)
