"""Runs checks: one line each; exits 1 when one fails."""

import sys


def run(*checks):
    failed = False
    for check in checks:
        name = check.__name__.replace("_", " ")
        try:
            check()
            print(f"ok      {name}")
        except Exception as error:  # one failure must not hide the others
            failed = True
            print(f"FAILED  {name}: {type(error).__name__}: {' '.join(str(error).split())}")
    sys.exit(failed)
