"""Lists the checks, in the order in which reports have them."""

from tasks.checks.security import (
    dependencies,
    dockerfiles,
    images,
    infrastructure,
    leaks,
    node_dependencies,
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
    *node_dependencies.CHECKS,
    *shipped.CHECKS,
    *dockerfiles.CHECKS,
    *images.CHECKS,
    *infrastructure.CHECKS,
    *schemas.CHECKS,
    *workflows.CHECKS,
)
