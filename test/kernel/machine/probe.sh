#!/bin/sh
# Sends a batch of packets, and prints the results.
#
#   probe.sh <command that prints traces>...
#
# stdin: what probeHost.pl sends.
# stdout: the trace, a line "==", and what probeHost.pl saw.
set -eu
folder=$(mktemp -d)
ip netns exec node "$@" >"$folder/trace" 2>"$folder/error" &
monitor=$!
trap 'kill $monitor 2>/dev/null || cat "$folder/error" >&2; rm -r "$folder"' EXIT
# Waits until it listens: a netfilter netlink socket (12) in group 9, NFNLGRP_NFTRACE.
until awk '$2 == 12 && $4 ~ /[13579bdf]..$/ { found = 1 } END { exit !found }' "/proc/$monitor/net/netlink"; do
	kill -0 $monitor
	sleep 0.01
done
ip netns exec wire perl "$(dirname "$0")/probeHost.pl" $monitor >"$folder/seen"
# Waits until the monitor has printed everything that it has read.
size=-1
while now=$(stat -c %s "$folder/trace"); [ "$now" != "$size" ]; do
	size=$now
	sleep 0.05
done
cat "$folder/trace"
echo ==
cat "$folder/seen"
