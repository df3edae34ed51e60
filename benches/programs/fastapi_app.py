"""fastapi: an app with a model, three requests"""

import asyncio
import json

from fastapi import FastAPI
from pydantic import BaseModel


class Item(BaseModel):
    name: str
    price: float = 1.5


app = FastAPI()


@app.get("/")
def index():
    return {"ready": True}


@app.get("/item/{number}")
async def read(number: int):
    return {"number": number}


@app.post("/item")
async def write(item: Item):
    return item


async def request(method, path, body=b""):
    """Status and body, by the protocol of ASGI."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    headers = [(b"host", b"bench"), (b"content-type", b"application/json")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "method": method,
        "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers,
        "server": ("bench", 80), "client": ("bench", 1),
    }
    await app(scope, receive, send)
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent[1:]))


async def main():
    assert await request("GET", "/") == (200, {"ready": True})
    assert await request("GET", "/item/3") == (200, {"number": 3})
    assert await request("POST", "/item", b'{"name": "a"}') == (200, {"name": "a", "price": 1.5})


asyncio.run(main())
