# RFC 5798 §6.4.2 (310), RFC 5798 §6.4.2 (320), RFC 5798 §6.4.2 (340) and RFC 3768 §6.4.2: what answers ARP and
# neighbour solicitations, and accepts packets, is the kernel, for the addresses it has. A Backup never asks for one,
# and whoever becomes Backup lets go of all of them. 3 * 1 s + 156/256 s = 3.609375 s make all three Masters; somebody
# stronger makes them Backups.

reconfigure
  a priority=100 address=10.0.0.100,10.0.0.101
  b family=ipv6 priority=100 address=fe80::100,2001:db8::100
  c version=2 vrid=2 priority=100 address=10.0.0.102
startup
hear router=a priority=150
hear router=b priority=150
hear router=c priority=150
wait 3.609375s
hear router=a priority=150
hear router=b priority=150
hear router=c priority=150
----
a: initialize -> backup (startup)
b: initialize -> backup (startup)
c: initialize -> backup (startup)
at 3.609375s
a: backup -> master (master_silent)
  a: send advert priority=100
  a: add 10.0.0.100 10.0.0.101
  a: announce 10.0.0.100 10.0.0.101 x5
b: backup -> master (master_silent)
  b: send advert priority=100
  b: add fe80::100 2001:db8::100
  b: announce fe80::100 2001:db8::100 x5
c: backup -> master (master_silent)
  c: send advert priority=100
  c: add 10.0.0.102
  c: announce 10.0.0.102 x5
a: master -> backup (peer_stronger)
  a: remove 10.0.0.100 10.0.0.101
b: master -> backup (peer_stronger)
  b: remove fe80::100 2001:db8::100
c: master -> backup (peer_stronger)
  c: remove 10.0.0.102
