"""asyncio: ten tasks in a loop"""

import asyncio


async def one(number):
    await asyncio.sleep(0)
    return number


async def main():
    return sum(await asyncio.gather(*map(one, range(10))))


assert asyncio.run(main()) == 45
