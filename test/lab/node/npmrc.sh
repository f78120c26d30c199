#!/usr/bin/env bash
# Prints those npm settings of this machine that decide how its registry is reached, as lines of an npmrc file.
#
#   node/npmrc.sh
#
# Addresses with credentials are left out: they would become part of an image.
# Needs npm. There is nothing to undo.
set -euo pipefail

# Away from any project, whose own settings are its own business.
cd /
npm config get registry strict-ssl proxy https-proxy noproxy 2>/dev/null | grep -Ev '=$|=null$|=undefined$|@' || true
