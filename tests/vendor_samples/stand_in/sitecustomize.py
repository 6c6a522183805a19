"""Loaded by Python itself before the sample: its clock runs SAMPLE_SPEED times faster, waits and time of day alike."""

import os
import time

_sleep, _time, _began = time.sleep, time.time, time.time()
_speed = float(os.environ.get("SAMPLE_SPEED", "1"))

time.sleep = lambda seconds: _sleep(seconds / _speed)
time.time = lambda: _began + (_time() - _began) * _speed
