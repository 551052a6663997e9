package main

import (
	"bytes"
	"net"
)

// Longer requests aren't answered.
const longestRequest = 512

// serveDatagrams answers each datagram that contains the path /host as GET /host is answered. It ends when packets is closed.
func serveDatagrams(packets net.PacketConn, at host) error {
	buffer := make([]byte, longestRequest+1)
	for {
		length, client, err := packets.ReadFrom(buffer)
		if err != nil {
			return err
		}
		if length > longestRequest || !bytes.Contains(buffer[:length], []byte("/host")) {
			continue
		}
		// An answer that can't be sent is a lost datagram: the client's timeout notices it.
		packets.WriteTo(at.answerTo(client.(*net.UDPAddr).AddrPort(), "udp"), client)
	}
}
