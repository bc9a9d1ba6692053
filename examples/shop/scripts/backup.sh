#!/bin/bash
# Copy the database and the covers to the archive host.

TARGET=$1
KEEP_DAYS=${KEEP_DAYS:-14}
STAGING=$SHOP_STAGING

cd /var/lib/shop
rm -rf $STAGING/*
mkdir -p $STAGING

sqlite3 shop.db ".backup $STAGING/shop.db"
for cover in `ls covers`; do
    cp covers/$cover $STAGING/
done

tar czf backup-$(date +%F).tar.gz $STAGING
scp -o StrictHostKeyChecking=no backup-*.tar.gz backup@archive.example:$TARGET

find . -name "backup-*.tar.gz" -mtime +$KEEP_DAYS -exec rm {} \;
if [ $? = 0 ]; then
    echo "backup of $(date) done"
fi
