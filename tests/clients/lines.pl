#!/usr/bin/env perl
# A client of `scan serve --stdio`: perl lines.pl PATH-OF-SCAN. It checks the protocol, says what is wrong, and ends with 0 where
# nothing is. Needs no module that does not come with Perl.
use strict;
use warnings;
use IPC::Open2;
use JSON::PP;

$SIG{ALRM} = sub { die "no answer within two minutes\n" };
alarm 120;
my ($scan) = @ARGV;
my $json   = JSON::PP->new->utf8->canonical;
my $faults = 0;

sub check {
    my ($holds, $what) = @_;
    return if $holds;
    print STDERR "WRONG: $what\n";
    $faults++;
}

sub begin {
    my $pid = open2(my $from, my $to, $scan, 'serve', '--stdio');
    my $ready = <$from>;
    check(defined $ready && $ready eq "READY\n", 'the first line is READY');
    return ($pid, $from, $to);
}

sub send_line {
    my ($to, $line) = @_;
    print {$to} $line, "\n" or die "the server does not read: $!\n";
    $to->flush;
}

# Reads so many answers, by their ids; those without an id together.
sub answers {
    my ($from, $count) = @_;
    my %answers;
    for (1 .. $count) {
        my $line = <$from>;
        if (!defined $line) { check(0, 'the server answers'); last }
        my $answer = eval { $json->decode($line) };
        if (!$answer) { check(0, "a line of output is JSON: $line"); next }
        push @{ $answers{ defined $answer->{requestId} ? $answer->{requestId} : '' } }, $answer;
    }
    return \%answers;
}

sub end {
    my ($pid, $from, $to) = @_;
    close $to;
    my @rest = <$from>;
    waitpid $pid, 0;
    check($? == 0, "it ends with 0 and not with $?");
    return @rest;
}

my ($pid, $from, $to) = begin();

# Many at once: each answer has its request's id and what that request asked for.
send_line($to, $json->encode({ requestId => "r$_", limit => $_, columns => 'close, ics' })) for 1 .. 12;
send_line($to, $json->encode({ requestId => 100 + $_, limit => 2, orderBy => 'close ASC', where => 'close > 0' })) for 1 .. 50;
my $got = answers($from, 62);
for my $n (1 .. 12) {
    my $answer = $got->{"r$n"}[0];
    check($answer->{ok} && @{ $answer->{rows} } == $n, "r$n has $n rows");
    check($answer->{rows}[$n - 1]{place} == $n, "the last row of r$n has place $n");
    check(join(',', map { $_->{name} } @{ $answer->{columns} }) eq 'close,ics', "r$n has the columns it asked for");
    check($answer->{session} =~ /^\d{4}-\d\d-\d\d$/ && $answer->{data_age_seconds} >= 0, "r$n says how old it is");
    check(exists $answer->{counts}{fates}{listed} && $answer->{counts}{fates}{listed} == $n, "r$n counts its rows");
}
for my $n (101 .. 150) {
    my ($a, $b) = @{ $got->{$n}[0]{rows} };
    check($a->{close} <= $b->{close}, "$n is ordered as it asked");
}

# The same id twice is answered twice.
send_line($to, '{"requestId":"twice","limit":1}') for 1 .. 2;
check(@{ answers($from, 2)->{twice} } == 2, 'an id that is given twice is answered twice');

# What cannot be read, or means nothing, is answered by a code and harms nobody.
my @refused = (
    ['not json',                                         'malformed'],
    ['',                                                 'malformed'],
    ['[1,2]',                                            'malformed'],
    ['{"limit":1}',                                      'bad_value'],
    ['{"requestId":["a"]}',                              'bad_value'],
    ["{\"requestId\":\"\xff\xfe\"}",                     'malformed'],
    ['{"requestId":1,' . '"a":[' x 5000,                 'malformed'],
);
for my $case (@refused) {
    send_line($to, $case->[0]);
    my $answer = answers($from, 1)->{''}[0];
    check(!$answer->{ok} && $answer->{error}{code} eq $case->[1], "$case->[1] for " . substr($case->[0], 0, 40));
    check($answer->{error}{message} ne '', 'an error says what is wrong');
}
my @wrong = (
    ['{"requestId":"w","orderby":"ics"}',              'unknown_key',     'orderBy'],
    ['{"requestId":"w","where":"clsoe > 5"}',          'unknown_column',  'close'],
    ['{"requestId":"w","where":"close >"}',            'bad_expression',  undef],
    ['{"requestId":"w","where":"close > 0; DROP TABLE bars_day"}', 'bad_expression', undef],
    ['{"requestId":"w","where":"close > (SELECT 1)"}', 'bad_expression',  undef],
    ['{"requestId":"w","profile":"low-rsik"}',         'unknown_profile', 'low-risk'],
    ['{"requestId":"w","profile":"/etc/hosts"}',       'bad_value',       undef],
    ['{"requestId":"w","limit":0}',                    'bad_value',       undef],
    ['{"requestId":"w","asOf":"2022-01-02"}',          'no_session',      undef],
    ['{"requestId":"w","asOf":"1990-01-02"}',          'no_session',      undef],
    ['{"requestId":"w","asOf":"2199-01-02"}',          'no_session',      undef],
);
for my $case (@wrong) {
    send_line($to, $case->[0]);
    my $error = answers($from, 1)->{w}[0]{error};
    check($error->{code} eq $case->[1], "$case->[1] for $case->[0], not " . $json->encode($error));
    check(index($error->{hint} || '', $case->[2]) >= 0, "$case->[0]: the hint names $case->[2]") if $case->[2];
}

# Expressions that match nothing, or divide by zero, are answers.
send_line($to, '{"requestId":"none","where":"close < 0"}');
my $none = answers($from, 1)->{none}[0];
check($none->{ok} && !@{ $none->{rows} } && $none->{counts}{fates}{'where not true'} > 0, 'an empty answer says why');
send_line($to, '{"requestId":"zero","columns":"close / (close - close) AS nothing","limit":1}');
my $zero = answers($from, 1)->{zero}[0];
check($zero->{ok} && exists $zero->{rows}[0]{nothing} && !defined $zero->{rows}[0]{nothing}, 'division by zero is null');

# Named tickers: listed, or with the reason why not.
send_line($to, '{"requestId":"t","tickers":["TST3","TST1","tst2","SPY","NOBODY"],"where":"close > 0"}');
my $named  = answers($from, 1)->{t}[0];
my %why    = map { $_->{ticker} => $_ } @{ $named->{not_listed} };
check(join(',', sort map { $_->{ticker} } @{ $named->{rows} }) eq 'TST1,TST3', 'the named tickers are listed');
check($why{SPY}{fate} eq 'dropped', 'the benchmark was dropped by a rule');
check($why{tst2}{fate} eq 'unknown' && $why{tst2}{hint} =~ /TST2/, 'case matters, and what was meant is said');
check($why{NOBODY}{fate} eq 'unknown', 'who does not exist is unknown');

# Ten megabytes in a line, and the next line.
send_line($to, 'x' x 10_000_000);
send_line($to, '{"requestId":"after","limit":1}');
$got = answers($from, 2);
check($got->{''}[0]{error}{code} eq 'too_long', 'a line that is too long is refused');
check($got->{after}[0]{ok}, 'the line after it is answered');

# A request that cannot be answered in time.
send_line($to, '{"requestId":"late","timeoutMs":1,"asOf":"2022-05-02","limit":1}');
my $late = answers($from, 1)->{late}[0];
check(!$late->{ok} && $late->{error}{code} eq 'timeout', 'a request has its time and no more');

# Requests that run when standard input ends are answered; half a request is refused.
send_line($to, $json->encode({ requestId => "e$_", limit => 3 })) for 1 .. 5;
print {$to} '{"requestId":"half","li';
my @rest = map { $json->decode($_) } end($pid, $from, $to);
check(@rest == 6 && 5 == grep({ $_->{ok} } @rest), 'what was asked before the end is answered: ' . scalar @rest);
check(1 == grep({ !$_->{ok} && $_->{error}{code} eq 'malformed' } @rest), 'half a request is malformed');

# A reader that goes away ends the server, quietly.
($pid, $from, $to) = begin();
close $from;
send_line($to, '{"requestId":1}');
waitpid $pid, 0;
check($? == 0, "a closed output ends it with 0 and not with $?");

# The end of the input alone ends it; so does a signal.
($pid, $from, $to) = begin();
check(!end($pid, $from, $to), 'nothing was asked, so nothing is answered');
($pid, $from, $to) = begin();
kill 'TERM', $pid;
waitpid $pid, 0;
check($? == 0, "SIGTERM ends it with 0 and not with $?");

print $faults ? "$faults checks failed\n" : "all is well\n";
exit($faults ? 1 : 0);
