#!/bin/sh
# Records the network tables of this Linux host into a folder beside a capture,
# where "mendcap repair" finds them:
#
#	sh record.sh capture.pcapng		(writes capture.tables/)
#
# Run it while the capture runs, or right after; several times do no harm, each
# writes files of its own. As root it also records which process has a socket,
# and the connection tracker. It only reads, and sends nothing.

if [ $# -ne 1 ] || [ -z "$1" ]; then
	echo "usage: sh $0 CAPTURE" >&2
	exit 2
fi
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

stem=$1
# cut SUFFIX...: takes the first of them that it has off the stem.
cut() {
	for suffix in "$@"; do
		case $stem in
		*[!/]"$suffix")
			stem=${stem%"$suffix"}
			return
			;;
		esac
	done
}
cut .gz .zst .xz .lz4 .bz2
cut .pcapng .pcap .ntar .cap .dmp .trc
folder=$stem.tables
mkdir -p -- "$folder" || exit 1

now=$(date -u +%Y%m%dT%H%M%SZ)
while ls -d -- "$folder/$now"-* >/dev/null 2>&1; do
	sleep 1
	now=$(date -u +%Y%m%dT%H%M%SZ)
done

files=0
# save NAME COMMAND...: what the command prints, if it prints anything.
save() {
	file=$folder/$now-$1.txt
	shift
	"$@" >"$file" 2>/dev/null </dev/null
	if [ -s "$file" ]; then
		files=$((files + 1))
	else
		rm -f -- "$file"
	fi
}
have() { command -v "$1" >/dev/null 2>&1; }

if have ss; then
	save ss ss -tuanp
elif have netstat; then
	save netstat netstat -tunapW
fi
for table in tcp tcp6 udp udp6 if_inet6 igmp6 ipv6_route arp; do
	save "proc-$table" cat "/proc/net/$table"
done
if have ip; then
	save ip-addr ip addr
	save ip-maddr ip maddr
	save ip-neigh ip neigh
	save ip-route-6 ip -6 route show table all
	save ip-route-6-cache ip -6 route show cache
	save ip-route-4 ip route
	save tcp_metrics ip tcp_metrics
else
	have ifconfig && save ifconfig ifconfig -a
	have route && save route-6 route -6 -n
	have arp && save arp arp -an
fi
have conntrack && save conntrack-6 conntrack -L -f ipv6
save nf_conntrack cat /proc/net/nf_conntrack

echo "$files files in $folder"
[ "$files" -gt 0 ]
