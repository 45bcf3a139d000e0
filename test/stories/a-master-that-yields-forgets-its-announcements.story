# Keepalived (B12.4): what was still to be announced is dropped with the mastership.
# The second block was due at 3.609375 s + 5 s = 8.609375 s, a refresh every 2 s; the
# neighbour's advertisements keep us Backup until 12 s and beyond.

router priority=100 garp_master_delay=5s garp_master_refresh=2s
startup
wait 3.609375s
hear priority=200
wait 3s
hear priority=200
wait 3s
hear priority=200
wait 3s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (peer_stronger)
  remove 10.0.0.100
