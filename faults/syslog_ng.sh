#!/bin/sh
# Unpacks Debian's syslog-ng beside an installed rsyslog, with which its package conflicts. Installs the libraries that it needs: run as root.
set -eu
root=${1:-${SYSLOG_NG_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice-syslog-ng}}
needs=$(apt-cache show --no-all-versions syslog-ng-core | sed -n 's/^Depends: //p')
DEBIAN_FRONTEND=noninteractive apt-get satisfy -y -qq --no-install-recommends "$needs" >/dev/null
mkdir -p "$root"
cd "$root"
apt-get download -qq syslog-ng-core
dpkg -x syslog-ng-core_*.deb .
rm syslog-ng-core_*.deb
echo "syslog-ng is below $root"
