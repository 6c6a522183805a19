"""A vendor that only answers status queries, after 30-100 ms, and writes down when each arrived.

Its log (one "task time" line per query) is the measurement: what reached the vendor, not what we think we sent.
Run as `python -m bench.vendor PORT LOG`.
"""

import asyncio
import random
import sys
import time
from pathlib import Path
from typing import TextIO
from urllib.parse import parse_qs, urlsplit

BODY = '{"code":200,"message":"success","data":{"taskId":"%s","state":"processing"}}'


async def serve(port: int, log: TextIO) -> None:
    """Answer on loopback until cancelled."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                arrived = time.time()
                while (await reader.readline()).strip():
                    pass
                task = parse_qs(urlsplit(line.split()[1].decode()).query)["taskId"][0]
                log.write(f"{task} {arrived:.4f}\n")
                await asyncio.sleep(random.uniform(0.03, 0.1))
                body = (BODY % task).encode()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except (ConnectionError, IndexError, KeyError):
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
        asyncio.run(serve(int(sys.argv[1]), file))
