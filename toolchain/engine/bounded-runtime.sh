#!/bin/sh
# An OCI runtime for machines whose root lacks capabilities: many sandboxes remove CAP_SYS_RESOURCE. A privileged
# container requests all capabilities, and runc then fails with "unable to apply caps: operation not permitted". This
# script removes the missing ones from the container's config.json (create --bundle DIRECTORY) or from the process file
# of an exec (exec --process FILE), and then executes runc. It needs jq, and setpriv of util-linux.
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
