# Sends packets to and from the node, and prints all that arrive. One process has sockets in both network namespaces, so
# that the packets have one order.
#
#   ip netns exec wire perl probeHost.pl <pid of the monitor that prints traces>
#
# stdin: lines of "<interface> <IP packet in hexadecimal>"; "lo": a process of the node sends it.
# stdout: the same for each packet that arrived; "lo": at the node's own processes.
use strict;
use warnings;
use Socket;

# Sockets stay open after the exec into the node's namespace.
$^F = 255;
my ($monitor, $inherited, %index) = @ARGV;

sub network16 { unpack "S", pack "n", $_[0] }

sub packet_socket {
	my ($family, $all_protocols, $receive_buffer) = (17, 0x0003, 33);
	socket(my $socket, $family, SOCK_DGRAM, network16($all_protocols)) or die "packet socket: $!";
	setsockopt($socket, SOL_SOCKET, $receive_buffer, pack "i", 16 << 20) or die "SO_RCVBUFFORCE: $!";
	return $socket;
}

unless (defined $inherited) {
	my @index = map {
		open my $file, "<", "/sys/class/net/$_/ifindex" or die "$_: $!";
		chomp(my $index = <$file>);
		($_, $index);
	} "eth0", "veth0";
	exec "ip", "netns", "exec", "node", "perl", $0, $monitor, fileno(packet_socket()), @index;
}
open my $wire, "+<&=", $inherited or die "inherited socket: $!";
my $node = packet_socket();
my %raw;
socket($raw{4}, AF_INET, SOCK_RAW, 255) or die "raw socket: $!";
socket($raw{6}, AF_INET6, SOCK_RAW, 255) or die "raw socket: $!";

sub transmit {
	my ($interface, $packet) = @_;
	my $version = ord($packet) >> 4;
	if ($interface eq "lo") {
		my $address = $version == 4 ? substr($packet, 16, 4) : substr($packet, 24, 16);
		my $to = $version == 4 ? pack_sockaddr_in(0, $address) : pack_sockaddr_in6(0, $address);
		# This fails (EPERM and others) if a rule drops or rejects the packet. The trace shows why.
		send $raw{$version}, $packet, 0, $to;
		return;
	}
	my $protocol = network16($version == 4 ? 0x0800 : 0x86dd);
	my $to = pack "S S i S C C a8", 17, $protocol, $index{$interface}, 1, 0, 6, pack "H12", "020000000001";
	send $wire, $packet, 0, $to or die "send: $!";
}

# Prints what arrives, until nothing arrives for so many seconds. In the node, only what arrives on lo.
sub receive {
	my ($patience) = @_;
	my ($outgoing, $loopback) = (4, 1);
	my %name = reverse %index;
	while (1) {
		my $ready = "";
		vec($ready, fileno $_, 1) = 1 for $wire, $node;
		return unless select $ready, undef, undef, $patience;
		for my $socket (grep { vec $ready, fileno $_, 1 } $wire, $node) {
			my $from = recv $socket, my $packet, 2048, 0;
			die "recv: $!" unless defined $from;
			my (undef, undef, $interface, undef, $type) = unpack "S S i S C", $from;
			next if $type == $outgoing || ($socket == $node && $interface != $loopback);
			print $socket == $node ? "lo" : $name{$interface}, " ", unpack("H*", $packet), "\n";
		}
	}
}

# The bytes of traces that the kernel buffers for the monitor. It would lose those beyond the buffer's size.
sub waiting {
	open my $file, "<", "/proc/$monitor/net/netlink" or die "the monitor has ended: $!";
	my ($bytes, $dropped) = (0, 0);
	while (<$file>) {
		my (undef, $protocol, undef, undef, $held, undef, undef, undef, $drops) = split;
		($bytes, $dropped) = ($bytes + $held, $dropped + $drops) if $protocol eq "12";
	}
	die "the kernel lost traces\n" if $dropped;
	return $bytes;
}

while (<STDIN>) {
	my ($interface, $packet) = split;
	transmit($interface, pack "H*", $packet);
	receive(0);
	receive(0.001) while waiting() > 65536;
}
receive(0.1);
receive(0.01) while waiting() > 0;
