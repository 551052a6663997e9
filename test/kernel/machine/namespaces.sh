#!/bin/sh
# Creates two network namespaces: `node`, whose rules are tested, and `wire`, with the other ends of its interfaces. Nothing
# answers on the wire: its interfaces have no addresses and no ARP, so that every packet comes from the test.
set -eu
ip netns add node
ip netns add wire
for link in eth0 veth0; do
	ip link add "$link" netns node address 02:00:00:00:00:01 type veth peer name "$link" netns wire
	ip -netns node link set "$link" arp off addrgenmode none up
	ip -netns wire link set "$link" arp off addrgenmode none up
done
ip -netns node link set lo up
# As on a Kubernetes node. Without redirects, and without a limit for the errors that the kernel sends: types outside the
# mask have no limit. IPv6's mask can't be empty, so it contains a type that isn't an error.
ip netns exec node sysctl --quiet --write net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
	net.ipv4.conf.all.route_localnet=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0 \
	net.ipv4.conf.veth0.rp_filter=0 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0 \
	net.ipv4.conf.veth0.send_redirects=0 net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratemask=128
# The counters that kube-proxy's rules name (NFNL_MSG_ACCT_NEW of nfnetlink_acct).
for name in ct_state_invalid_dropped_pkts localhost_nps_accepted_pkts; do
	ip netns exec node perl -e '
		use Socket;
		my $name = "$ARGV[0]\0";
		my $attribute = pack "S S a" . (length($name) + 3 & ~3), 4 + length $name, 1, $name;
		my $body = pack("C C n", 0, 0, 0) . $attribute;
		socket(my $netlink, 16, SOCK_RAW, 12) or die "netlink: $!";
		send($netlink, pack("L S S L L", 16 + length $body, 7 << 8, 0x1 | 0x4 | 0x400, 1, 0) . $body, 0) or die "send: $!";
		recv($netlink, my $answer, 4096, 0);
		my $error = unpack "x16 l", $answer;
		die "nfnetlink_acct: error $error\n" if $error;
	' "$name"
done
