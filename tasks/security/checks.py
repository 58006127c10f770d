"""Lists the checks, in the order in which reports have them."""

from tasks.security import (
    dependencies,
    dockerfiles,
    infrastructure,
    leaks,
    own_rules,
    python_code,
    schemas,
    shipped,
    workflows,
)

CHECKS = (
    *python_code.CHECKS,
    *own_rules.CHECKS,
    *leaks.CHECKS,
    *dependencies.CHECKS,
    *shipped.CHECKS,
    *dockerfiles.CHECKS,
    *infrastructure.CHECKS,
    *schemas.CHECKS,
    *workflows.CHECKS,
)
