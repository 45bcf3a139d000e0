# B10: eth1 weighs -60. Keepalived tells the neighbours with the next advertisement (B10.10), heird at once,
# so that a stronger Backup needs not wait for it; Adver_Timer begins anew.

router priority=150 track=eth1:-60
link eth1 up
startup
wait 3.414063s
----
initialize -> backup (startup)
at 3.414063s
backup -> master (master_silent)
  send advert priority=150
  add 10.0.0.100
  announce 10.0.0.100 x5

wait 400ms
link eth1 down
----
  send advert priority=90

state
----
master priority=90 due in 1s

link eth1 up
----
  send advert priority=150
