# Keepalived (B9.4): a fresh entry to Backup clears the delay.  The first began at 0 s
# and was over at 5 s; back as Backup at 8 s, the weaker one is tolerated again.

router priority=128 preempt_delay=5s garp_master_delay=0s
startup
hear priority=100
wait 5s
----
initialize -> backup (startup)
at 3.5s
backup -> master (master_silent)
  send advert priority=128
  add 10.0.0.100
  announce 10.0.0.100 x5
at 4.5s
  send advert priority=128

hear priority=200
wait 3s
hear priority=100
state
----
master -> backup (peer_stronger)
  remove 10.0.0.100
backup priority=128 due in 3.5s
