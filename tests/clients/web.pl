#!/usr/bin/env perl
# A client of `scan serve --http`: perl web.pl http://HOST:PORT. It checks what the server answers and refuses, says what is
# wrong, and ends with 0 where nothing is. Needs no module that does not come with Perl.
use strict;
use warnings;
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP;

$SIG{ALRM} = sub { die "no answer within two minutes\n" };
alarm 120;
$SIG{PIPE} = 'IGNORE';
my ($base) = @ARGV;
my ($place) = $base =~ m{^http://(.+)$};
my $http   = HTTP::Tiny->new(timeout => 60);
my $json   = JSON::PP->new->utf8;
my $faults = 0;

sub check {
    my ($holds, $what) = @_;
    return if $holds;
    print STDERR "WRONG: $what\n";
    $faults++;
}

sub get {
    my ($path, $query) = @_;
    my $url = $base . $path . ($query ? '?' . $http->www_form_urlencode($query) : '');
    my $answer = $http->get($url);
    my $object = eval { $json->decode($answer->{content}) };
    check($object, "$path is JSON, and not $answer->{content}");
    return ($answer->{status}, $object || {}, $answer->{headers});
}

# Sends bytes as they are; gives the status and the body.
sub raw {
    my ($bytes, $half) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => $place, Timeout => 20) or die "no connection: $!\n";
    print {$socket} $bytes;
    shutdown($socket, 1) if $half;
    local $/;
    my $answer = <$socket>;
    return (0, '') unless defined $answer && $answer =~ m{^HTTP/1.1 (\d+)};
    my $status = $1;
    my (undef, $body) = split /\r\n\r\n/, $answer, 2;
    return ($status, $body);
}

my ($status, $body, $headers) = get('/v1/scan', { limit => 3, columns => 'close, ics', where => 'close > 0' });
check($status == 200 && $body->{ok} && @{ $body->{rows} } == 3, 'a scan');
check($headers->{'content-type'} eq 'application/json', 'its type');
check(!exists $headers->{'access-control-allow-origin'}, 'pages of others may not read it');
($status, $body) = get('/v1/scan', { tickers => 'TST1,NOBODY', profile => 'low-risk' });
check($status == 200 && @{ $body->{not_listed} } >= 1, 'named tickers');

($status, $body) = get('/v1/symbols/TST1');
my %of = map { $_->{name} => $_ } @{ $body->{columns} };
check($status == 200 && $body->{fate} eq 'listed' && $of{close}{value} > 0 && $of{close}{unit} eq 'price', 'a symbol');
check(@{ $body->{columns} } > 100, 'all columns of it');
($status, $body) = get('/v1/symbols/SPY', { profile => 'low-risk' });
check($status == 200 && $body->{fate} eq 'dropped' && $body->{reason} ne '', 'a symbol that is kept out says why');
($status, $body) = get('/v1/symbols/tst1');
check($status == 404 && $body->{error}{code} eq 'unknown_ticker' && $body->{error}{hint} =~ /TST1/, 'a symbol that is not there');

($status, $body) = get('/v1/runs', { limit => 5 });
check($status == 200 && $body->{runs}[0]{listed} > 0, 'the stored runs');
($status, $body) = get('/v1/columns');
check($status == 200 && @{ $body->{columns} } > 100, 'the columns');
($status, $body) = get('/v1/profiles');
check(grep({ $_->{name} eq 'momentum-leaders' } @{ $body->{profiles} }), 'the profiles');
($status, $body) = get('/healthz');
check($status == 200 && $body->{status} eq 'ok' && $body->{data_age_seconds} < 60 && $body->{features_behind} == 0, 'health');

my $metrics = $http->get("$base/metrics")->{content};
for my $line (
    qr/^tidemark_scan_seconds_bucket\{kind="living",le="0.005"\} \d+$/m, qr/^tidemark_scan_rows_total\{kind="living"\} \d+$/m,
    qr/^tidemark_follows_total\{result="changed"\} [1-9]/m,              qr/^tidemark_instruments_updated_total [1-9]/m,
    qr/^tidemark_cache_hits_total\{layer="ranking"\} [1-9]/m,            qr/^tidemark_cache_misses_total\{layer="ranking"\} \d+$/m,
    qr/^tidemark_watermark_lag_seconds \d/m,                             qr/^tidemark_pool_connections\{state="open"\} [1-9]/m,
    qr/^tidemark_requests_total\{door="http",result="ok"\} 2$/m,         qr/^tidemark_ready 1$/m,
) {
    check($metrics =~ $line, "metrics have $line");
}

# What means nothing.
for my $case (
    ['/v1/scan', { orderBy => 'ics' },           400, 'unknown_key'],
    ['/v1/scan', { limit => 'many' },            400, 'bad_value'],
    ['/v1/scan', { where => 'clsoe > 1' },       400, 'unknown_column'],
    ['/v1/scan', { where => 'close > ' },        400, 'bad_expression'],
    ['/v1/scan', { profile => '../../etc/x' },   400, 'bad_value'],
    ['/v1/scan', { as_of => '2022-01-02' },      400, 'no_session'],
    ['/v1/scan', { profile => 'nobody' },        404, 'unknown_profile'],
    ['/v1/scan', { as_of => '2022-05-02', timeout_ms => 1 }, 504, 'timeout'],
    ['/v1/scan/stream', { where => 'clsoe > 1' },400, 'unknown_column'],
    ['/v1/symbols/TST1', { limit => 1 },         400, 'unknown_key'],
    ['/v1/runs', { limit => 0 },                 400, 'bad_value'],
    ['/v2/scan', undef,                          404, 'not_found'],
    ['/', undef,                                 404, 'not_found'],
) {
    my ($path, $query, $wanted, $code) = @$case;
    my ($status, $body) = get($path, $query);
    check($status == $wanted && $body->{error}{code} eq $code && !$body->{ok}, "$wanted $code for $path, not $status " . $json->encode($body));
}
my $posted = $http->post("$base/v1/scan", { content => '{}' });
check($posted->{status} == 405 && $posted->{headers}{allow} eq 'GET, HEAD', 'only GET');
check($json->decode($posted->{content})->{error}{code} eq 'method_not_allowed', 'only GET, by a code');

# What is too large.
my $large = $http->request('GET', "$base/v1/scan", { content => 'x' x 10_000_000 });
check($large->{status} == 413 && $json->decode($large->{content})->{error}{code} eq 'body_too_large', "ten megabytes: $large->{status}");
my $chunks = 0;
$large = $http->request('GET', "$base/v1/scan", { content => sub { $chunks++ < 160 ? 'x' x 65536 : undef } });
check($large->{status} == 413, "ten megabytes in chunks: $large->{status}");
($status, $body) = get('/v1/scan', { where => 'close > ' . '0' x 9000 });
check($status == 414 && $body->{error}{code} eq 'uri_too_long', "a long address: $status");
my $heads = $http->get("$base/v1/scan", { headers => { 'x-much' => 'y' x 20_000 } });
check($heads->{status} == 431, "large headers: $heads->{status}");
($status) = raw("GET /v1/scan HTTP/1.1\r\nhost: localhost\r\nx: " . 'y' x 200_000 . "\r\n\r\n");
check($status == 431, "headers without end: $status");

# What is no HTTP, or only half of it.
($status) = raw("nonsense\r\n\r\n");
check($status == 400, "nonsense: $status");
($status) = raw("GET /v1/scan HTT", 1);
check($status == 0 || $status == 400, "half a request: $status");
($status, $body) = raw("GET /healthz HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
check($status == 401, "another host's name: $status");

($status, $body) = get('/v1/scan', { limit => 1 });
check($status == 200 && $body->{ok}, 'after all that it answers');

print $faults ? "$faults checks failed\n" : "all is well\n";
exit($faults ? 1 : 0);
