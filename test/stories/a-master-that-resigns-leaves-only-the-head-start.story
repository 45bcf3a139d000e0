# RFC 5798 §6.4.2 (425)-(430), Keepalived B9.10: priority 0 sets Master_Down_Timer
# to Skew_Time, (256 - 192) * 1 s / 256 = 0.25 s.

router priority=192
startup
hear priority=200
wait 1s
----
initialize -> backup (startup)

hear priority=0
wait 0.249999s
----
ok

wait 1us
----
at 1.25s
backup -> master (master_resigned)
  send advert priority=192
  add 10.0.0.100
  announce 10.0.0.100 x5
