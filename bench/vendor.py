"""A vendor that answers after 30-100 ms and writes down when each call arrived.

Its log (one "task time" line per query, one "prompt time" line per create) is the measurement: what reached the vendor,
not what we think we sent. What was created fails after SECONDS, by which the books are closed without a file; a task
that it never heard of is in the making for ever. Run as `python -m bench.vendor PORT LOG [SECONDS]`.
"""

import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import TextIO
from urllib.parse import parse_qs, urlsplit

BODY = '{"code":200,"message":"success","data":{"taskId":"%s","state":"%s"}}'


async def serve(port: int, log: TextIO, seconds: float) -> None:
    """Answer on loopback until cancelled."""
    made: dict[str, float] = {}

    def answer(method: str, target: str, body: bytes, arrived: float) -> str:
        if method == "POST":
            task = f"made-{len(made)}"
            made[task] = arrived
            log.write(f"{json.loads(body)['input']['prompt']} {arrived:.4f}\n")
            return BODY % (task, "pending")
        task = parse_qs(urlsplit(target).query)["taskId"][0]
        log.write(f"{task} {arrived:.4f}\n")
        return BODY % (task, "failed" if arrived > made.get(task, arrived) + seconds else "processing")

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                arrived, length = time.time(), 0
                while head := (await reader.readline()).strip().lower():
                    if head.startswith(b"content-length:"):
                        length = int(head.partition(b":")[2])
                method, target = line.decode().split()[:2]
                body = answer(method, target, await reader.readexactly(length), arrived).encode()
                await asyncio.sleep(random.uniform(0.03, 0.1))
                head = (
                    f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                )
                writer.write(head + body)
                await writer.drain()
        except (ConnectionError, IndexError, KeyError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", port, backlog=2000)
    async with server:
        await server.serve_forever()


def arrivals(path: Path) -> dict[str, list[float]]:
    """Return the times of arrival by task, from a log."""
    found: dict[str, list[float]] = {}
    for line in path.read_text().splitlines():
        task, moment = line.split()
        found.setdefault(task, []).append(float(moment))
    return found


if __name__ == "__main__":
    with Path(sys.argv[2]).open("w", buffering=1) as file:
        asyncio.run(serve(int(sys.argv[1]), file, float(sys.argv[3]) if len(sys.argv) > 3 else 1e9))
