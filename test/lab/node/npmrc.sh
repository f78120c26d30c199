#!/usr/bin/env bash
# Prints the npm settings of this machine for access to its registry, as lines of an npmrc file.
#
#   node/npmrc.sh
#
# Skips URLs with credentials: they would become part of an image.
# Needs npm. There is nothing to undo.
set -euo pipefail

# Outside of any project, so that no project's npm settings apply.
cd /
npm config get registry strict-ssl proxy https-proxy noproxy 2>/dev/null | grep -Ev '=$|=null$|=undefined$|@' || true
