# RFC 3768 §6.4.2: priority 0 sets the timer to Skew_Time, (256 - 192) / 256 s = 0.25 s whatever the interval, and then
# nothing keeps this Backup from being Master.

router version=2 priority=192 interval=10s
startup
hear priority=200 interval=10s
hear priority=0 interval=10s
state
wait 0.25s
----
initialize -> backup (startup)
backup priority=192 due in 0.25s
at 0.25s
backup -> master (master_resigned)
  send advert priority=192
  add 10.0.0.100
  announce 10.0.0.100 x5
