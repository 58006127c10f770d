"""Says plainly that nothing is deployed or rolled back as long as there is nothing to deploy with."""

import argparse
import sys

ENVIRONMENTS = ("staging", "production")
WORDS = {"deploy": "deployed", "rollback": "rolled back"}


def main() -> None:
    """Bring what was built to an environment (`deploy`), or what was there before it back (`rollback`)."""
    usage = "nox -s deploy -- staging|production, nox -s rollback -- staging|production"
    parser = argparse.ArgumentParser(prog="nox", usage=usage, description=main.__doc__)
    parser.add_argument("action", choices=WORDS)
    parser.add_argument("environment", choices=ENVIRONMENTS)
    arguments = parser.parse_args()
    sys.exit(
        f"Nothing was {WORDS[arguments.action]}: {arguments.environment} is as it was, without infra/kubernetes.\n"
        "Until it is there, deploy by the team's own means, and take the jobs `staging` and `production` out of\n"
        ".github/workflows/deploy.yml; its job `checks` stays."
    )


if __name__ == "__main__":
    main()
