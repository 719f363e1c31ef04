#!/bin/sh
exec /usr/lib/jvm/bin/java -Xmx64m -XX:TieredStopAtLevel=1 -cp '/opt/kafka/libs/*' \
  org.apache.kafka.tools.BrokerApiVersionsCommand "$@"
