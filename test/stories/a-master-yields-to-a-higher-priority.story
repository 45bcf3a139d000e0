# RFC 5798 §6.4.3 (725)-(765): cancel Adver_Timer, wait Master_Down_Interval as
# Backup: 3.609375 s.  The addresses go first; nothing more is sent.

router priority=100
startup
wait 3.609375s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5

hear priority=101
----
master -> backup (peer_stronger)
  remove 10.0.0.100

state
----
backup priority=100 due in 3.609375s

wait 3.609374s
----
ok
