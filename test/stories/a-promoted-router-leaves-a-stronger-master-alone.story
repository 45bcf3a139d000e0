# A stronger Master would take the addresses back at once (§6.4.3, 725): nothing is done. Nor is it for one that is
# drained. A Master that resigned is nobody to wait for.

router priority=100
startup
hear priority=150
promote
----
initialize -> backup (startup)

hear priority=100 from=10.0.0.2
promote
----
ok

hear priority=0
drain
promote
resume
promote
----
backup -> master (operator)
  send advert priority=100
  add 10.0.0.100
  announce 10.0.0.100 x5
