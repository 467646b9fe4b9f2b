#!/usr/bin/env perl
# A reader of `/v1/scan/stream`: perl events.pl HOST:PORT PATH MEDIA-TYPE. It prints what the stream holds, line by line and at
# once, until the stream or the reader of its output ends. Needs no module that does not come with Perl.
use strict;
use warnings;
use IO::Socket::INET;

$| = 1;
$SIG{ALRM} = sub { die "no event within two minutes\n" };
alarm 120;
my ($place, $path, $type) = @ARGV;
my $socket = IO::Socket::INET->new(PeerAddr => $place, Timeout => 20) or die "no connection: $!\n";
print {$socket} "GET $path HTTP/1.1\r\nhost: $place\r\naccept: $type\r\n\r\n";
my $status = <$socket>;
die "refused: $status" unless $status =~ m{^HTTP/1.1 200};
my $chunked = 0;
while (my $line = <$socket>) {
    last if $line eq "\r\n";
    $chunked = 1 if $line =~ /^transfer-encoding: chunked/i;
    print "type: $1\n" if $line =~ /^content-type: (.*)\r\n/i;
}
die "not chunked\n" unless $chunked;
while (my $size = <$socket>) {
    my $length = hex($size =~ /^([0-9a-fA-F]+)/ ? $1 : 0);
    last if $length == 0;
    my $part = '';
    while (length($part) < $length + 2) {
        read($socket, $part, $length + 2 - length($part), length($part)) or die "cut off\n";
    }
    print substr($part, 0, $length) or exit 0;
}
print "closed\n";
