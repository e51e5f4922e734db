#!/bin/sh
# Records the network tables of this Mac (or BSD host) into a folder beside a
# capture, where "mendcap repair" finds them:
#
#	sh record.sh capture.pcapng		(writes capture.tables/)
#	sh record.sh --every 5 capture.pcapng	(again every 5 seconds, until Ctrl+C)
#
# The files hold private data: the addresses that this host has lately talked
# to, and its own addresses and hardware addresses. Give them to nobody who may
# not see the capture itself.
#
# Run it while the capture runs, or right after; several times do no harm, each
# writes files of its own. With --every also connections are recorded that are
# closed before the capture's end; --count N ends it after N moments. It only
@common.sh@
# Without this option netstat cuts IPv6 addresses.
case $(uname) in
Darwin) whole=-l ;;
*) whole=-W ;;
esac

# quick records what changes with every connection.
quick() {
	save netstat-sockets netstat -an "$whole"
	save netstat-routes netstat -rn "$whole"
	save ndp ndp -an
	save arp arp -an
}

# rest records what seldom changes.
rest() {
	save netstat-groups netstat -gn "$whole"
	save ifconfig ifconfig -a
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
