"""The frame of the crash tests: rounds until so many were run or so much time went by, with a seed that repeats them."""
import argparse
import random
import subprocess
import sys
import time


def run_rounds(rounds, one, made):
    """`one(deputy, choice, more_rounds)` runs rounds on one process as long as more_rounds says, and returns how many of what is `made`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("deputy")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    choice, began, total, count = random.Random(options.seed), time.monotonic(), 0, 0

    def goes_on():
        return time.monotonic() - began < options.seconds if options.seconds else total < options.rounds

    def more_rounds():
        nonlocal total
        more = goes_on()
        total += more
        return more

    try:
        while goes_on():
            count += one(options.deputy, choice, more_rounds)
            print(f"{total} kills, nothing lost", file=sys.stderr, flush=True)
    except (AssertionError, RuntimeError, subprocess.SubprocessError) as wrong:
        print(f"round {total}, seed {options.seed}: {wrong}\n0 passed, 1 failed")
        sys.exit(1)
    print(f"{total} kills, {count} {made}, seed {options.seed}, {time.monotonic() - began:.0f} s\n1 passed, 0 failed")
