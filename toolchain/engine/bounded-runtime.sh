#!/bin/sh
# An OCI runtime: runc, on a machine whose root lacks capabilities (many sandboxes take CAP_SYS_RESOURCE away).
# `docker run --privileged` asks for all that exist, and runc then fails with "unable to apply caps: operation not
# permitted". This removes what the machine cannot give from the container's config.json (create --bundle DIRECTORY)
# and from an exec's process file (exec --process FILE), then becomes runc. Needs jq, and setpriv of util-linux.
set -eu

# setpriv prints the bounding set by name: "Capability bounding set: chown,dac_override,…".
keep_available_capabilities() {
	available=$(setpriv --dump | sed -n 's/^Capability bounding set: //p')
	bounded=$(jq --arg available "$available" '
		($available | ascii_upcase | split(",") | map("CAP_" + .)) as $have
		| (.capabilities, .process.capabilities | .[]? | values) |= map(select(IN($have[])))
	' "$1")
	printf '%s\n' "$bounded" >"$1"
}

previous=
for argument; do
	case $previous in
	--bundle) keep_available_capabilities "$argument/config.json" ;;
	--process) keep_available_capabilities "$argument" ;;
	esac
	previous=$argument
done

exec runc "$@"
