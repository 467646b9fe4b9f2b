#!/usr/bin/env perl
# A crowd: perl many.pl HOST:PORT COUNT. It opens so many connections, half of which ask and half of which say nothing, and
# prints how many were answered, how many were refused and how many could not be opened.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;

$SIG{ALRM} = sub { die "the crowd waited for two minutes\n" };
alarm 120;
$SIG{PIPE} = 'IGNORE';
my ($place, $count) = @ARGV;
my (@silent, @asking);
my $failed = 0;
for my $n (1 .. $count) {
    my $socket = IO::Socket::INET->new(PeerAddr => $place, Timeout => 30);
    if (!$socket) { $failed++; next }
    if ($n % 2) { push @silent, $socket; next }
    print {$socket} "GET /v1/scan?limit=1 HTTP/1.1\r\nhost: $place\r\nconnection: close\r\n\r\n";
    push @asking, $socket;
}
my ($answered, $refused, $broken) = (0, 0, 0);
for my $socket (@asking) {
    local $/;
    my $answer = <$socket>;
    if    (defined $answer && $answer =~ m{^HTTP/1.1 200 }) { $answered++ }
    elsif (defined $answer && $answer =~ m{^HTTP/1.1 503 .*"busy"}s) { $refused++ }
    else                                                    { $broken++ }
}
print "$answered answered, $refused refused, $broken broken, $failed not opened, ", scalar(@silent), " silent\n";
