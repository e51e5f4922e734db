#!/bin/sh
# Records the network tables of this Linux host into a folder beside a capture,
# where "mendcap repair" finds them:
#
#	sh record.sh capture.pcapng		(writes capture.tables/)
#	sh record.sh --every 5 capture.pcapng	(again every 5 seconds, until Ctrl+C)
#
# The files hold private data: the addresses that this host has lately talked to,
# its own addresses and hardware addresses, and which process has which socket.
# Give them to nobody who may not see the capture itself.
#
# Run it while the capture runs, or right after; several times do no harm, each
# writes files of its own. With --every also connections are recorded that are
# closed before the capture's end; --count N ends it after N moments. As root it
# also records which process has a socket, and the connection tracker. It only
@common.sh@
# quick records what changes with every connection.
quick() {
	if have ss; then
		save ss ss -tuanp
	elif have netstat; then
		save netstat netstat -tunapW
	fi
	for table in tcp tcp6 udp udp6 arp; do
		save "proc-$table" cat "/proc/net/$table"
	done
	if have ip; then
		save ip-neigh ip neigh
		save ip-route-6-cache ip -6 route show cache
		save tcp_metrics ip tcp_metrics
	elif have arp; then
		save arp arp -an
	fi
	have conntrack && save conntrack-6 conntrack -L -f ipv6
	save nf_conntrack cat /proc/net/nf_conntrack
}

# rest records what seldom changes.
rest() {
	for table in if_inet6 igmp6 ipv6_route; do
		save "proc-$table" cat "/proc/net/$table"
	done
	if have ip; then
		save ip-addr ip addr
		save ip-maddr ip maddr
		save ip-route-6 ip -6 route show table all
		save ip-route-4 ip route
	else
		have ifconfig && save ifconfig ifconfig -a
		have route && save route-6 route -6 -n
	fi
}

while :; do
	now=$(date -u +%Y%m%dT%H%M%SZ)
	while ls -d -- "$folder/$now"-* >/dev/null 2>&1; do
		sleep 1
		now=$(date -u +%Y%m%dT%H%M%SZ)
	done
	if [ "$moment" -eq 0 ]; then
		quick
		rest
	else
		file=$folder/$now-moment.txt
		{
			quick
			[ $((moment % 12)) -ne 0 ] || rest
		} >"$file"
		files=$((files + 1)) file=''
	fi
	moment=$((moment + 1))
	if [ -z "$every" ] || [ "$moment" = "$count" ]; then
		finish
	fi
	sleep "$every"
done
