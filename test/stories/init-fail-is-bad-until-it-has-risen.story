# init_fail: bad before anybody asked, so that a router whose check weighs 0 starts in FAULT; `rise 2` ends it.

check script/a rise=2 init_fail=yes
router track=script/a
startup
----
initialize -> fault (check_fault)

answer script/a good
----
ok

answer script/a good
----
fault -> backup (check_recovered)
