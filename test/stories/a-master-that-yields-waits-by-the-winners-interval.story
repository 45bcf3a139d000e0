# RFC 5798 §6.4.3 (745)-(760): Master_Adver_Interval is learned from the winner, 4 s.
# 3 * 4 s + 156 * 4 s / 256 = 12 s + 2.4375 s = 14.4375 s.

router priority=100 interval=1s
startup
wait 3.609375s
hear priority=150 interval=4s
state
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
master -> backup (peer_stronger)
  remove 10.0.0.100
backup priority=100 due in 14.4375s
