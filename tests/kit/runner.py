"""Runs the functions of an end-to-end test one after another, and closes with the count."""
import sys
import traceback


def run(checks):
    passed = failed = 0
    for check in checks:
        try:
            check()
            passed += 1
        except Exception:  # a test may fail in any way
            failed += 1
            print(f"FAILED: {check.__name__}")
            traceback.print_exc(file=sys.stdout)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def expect(answer, status, text=None):
    """The answer has this status and, when given, exactly this body."""
    assert answer.status == status, f"{answer.status} {answer.text!r}, expected {status} {text!r}"
    if text is not None:
        assert answer.text == text, f"{answer.text!r}, expected {text!r}"
