using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Tool.Cleaning;

namespace RufusIngest.Tool;

/// <summary>
/// Reads, passings and events of a journal in a SQLite file of its own, for queries such as "why has she no time?". It can be
/// deleted and made again at any time.
/// </summary>
[SuppressMessage("Security", "CA2100", Justification = "All statements are constants of this file.")]
sealed class JournalIndex : IDisposable
{
    const string Tables = """
        PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
        CREATE TABLE reads (id INTEGER PRIMARY KEY, reader TEXT, location TEXT, chip TEXT, reader_time TEXT, utc TEXT,
            utc_ms INTEGER, antenna INTEGER, rssi REAL, hits INTEGER, flags TEXT, outcome TEXT, burst INTEGER,
            session INTEGER, number INTEGER);
        CREATE TABLE passings (location TEXT, session INTEGER, number INTEGER, bib TEXT, chip TEXT, utc TEXT, utc_ms INTEGER,
            first_ms INTEGER, last_ms INTEGER, hits INTEGER, policy TEXT, flags TEXT, state TEXT, burst INTEGER,
            PRIMARY KEY (location, session, number));
        CREATE TABLE events (id INTEGER PRIMARY KEY, record INTEGER, kind TEXT, location TEXT, reader TEXT, utc TEXT,
            chip TEXT, number INTEGER, reason TEXT, burst INTEGER);
        """;

    /// <summary>Reads whose burst is a passing learn its number; those that came later were told it.</summary>
    const string NumberReads = """
        CREATE INDEX reads_by_burst ON reads (burst) WHERE burst IS NOT NULL;
        CREATE INDEX passings_by_burst ON passings (burst);
        UPDATE reads SET (session, number) = (SELECT p.session, p.number FROM passings p WHERE p.burst = reads.burst)
            WHERE burst IS NOT NULL;
        """;

    /// <summary>
    /// A suppressed read and the passing that absorbed it. Where the core cannot say, because that was not decided yet or is
    /// kept from before a rebase, it is the chip's last one at the location up to a second behind.
    /// </summary>
    const string Views = """
        CREATE INDEX reads_by_chip ON reads (chip, location, utc_ms);
        CREATE INDEX passings_by_chip ON passings (chip, location, utc_ms);
        CREATE INDEX passings_by_bib ON passings (bib);
        CREATE VIEW suppressed AS SELECT r.*, CASE
            WHEN r.number IS NOT NULL THEN r.number
            WHEN r.outcome IN ('SameBurst', 'DeadTime', 'BeforeDecided', 'MinLap', 'Backup', 'AfterBackup')
            THEN (SELECT p.number FROM passings p WHERE p.chip = r.chip AND p.location = r.location
                AND p.utc_ms <= r.utc_ms + 1000 ORDER BY p.utc_ms DESC LIMIT 1) END AS absorbed_by
            FROM reads r WHERE outcome NOT IN ('Opened', 'NotGated', 'WithoutTime', 'Signal');
        """;

    readonly SqliteConnection _connection;
    readonly SqliteTransaction _transaction;
    readonly SqliteCommand _read;
    readonly SqliteCommand _passing;
    readonly SqliteCommand _event;
    readonly Func<IngestSettings> _settings;
    readonly PassingStates _states;
    readonly BurstLedger _ledger = new();

    public JournalIndex(FileInfo file, Func<IngestSettings> settings, IReadOnlyList<StoredSession> sessions)
    {
        _settings = settings;
        _states = new PassingStates(sessions);
        _connection = new SqliteConnection($"Data Source={file.FullName};Pooling=False");
        _connection.Open();
        Execute(Tables);
        _transaction = _connection.BeginTransaction();
        _read = Command("INSERT INTO reads VALUES (NULL, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)", 14);
        _passing = Command("INSERT INTO passings VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)", 14);
        _event = Command("INSERT INTO events VALUES (NULL, $1, $2, $3, $4, $5, $6, $7, $8, $9)", 9);
    }

    public long Reads { get; private set; }

    public long Passings { get; private set; }

    public void Add(int reader, in ChipRead read, long time, in ReadFate fate)
    {
        IngestSettings all = _settings();
        ReaderSettings settings = all.Readers[reader];
        Run(
            _read, settings.Name, all.Locations[fate.Location].Name, read.Chip.ToString(), Times.OfReader(read),
            time == 0 ? null : Times.Utc(time), time == 0 ? null : Ms(time), (int)read.Antenna,
            read.RssiCentiDbm == ChipRead.NoRssi ? null : read.RssiCentiDbm / 100.0, (int)read.Hits, read.Flags.ToString(),
            fate.Outcome.ToString(), OrNull(fate.Burst), OrNull(fate.Session), OrNull(fate.Number));
        Reads++;
    }

    public void Add(PassingBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            Passing passing = batch.Passings[i];
            using var item = System.Text.Json.JsonDocument.Parse(batch.GetItem(i).ToArray());
            Run(
                _passing, batch.Location, batch.Session, passing.Number, item.RootElement.GetProperty("bib").GetString(),
                passing.Chip.ToString(), Times.Utc(passing.Time), Ms(passing.Time), Ms(passing.First), Ms(passing.Last),
                passing.Hits, passing.Policy.ToString(), passing.Flags.ToString(), _states.Of(batch, passing.Number),
                passing.Burst);
            _ledger.Add(passing);
            Passings++;
        }
    }

    public void Add(TimingEvent told)
    {
        _ledger.Add(told);
        ChipCode chip = told.Read.Chip.IsEmpty ? told.Passing.Chip : told.Read.Chip;
        Run(
            _event, told.Sequence, told.Kind.ToString(), _settings().Locations[told.Location].Name,
            told.Reader < 0 ? null : _settings().Readers[told.Reader].Name, told.Time == 0 ? null : Times.Utc(told.Time),
            chip.ToString(), told.Number,
            told.Kind == TimingEventKind.BurstSuppressed ? told.Reason.ToString() : null, OrNull(told.Passing.Burst));
    }

    public void Complete()
    {
        Execute(NumberReads);
        using (SqliteCommand change = Command(
            "UPDATE reads SET outcome = $1, session = $2, number = $3 WHERE burst = $4 AND outcome IN ('Opened', 'SameBurst')",
            4))
        {
            foreach (long burst in _ledger.SuppressedBursts)
            {
                FinalFate fate = _ledger.Final(new ReadFate(ReadOutcome.SameBurst, 0, burst));
                Run(change, fate.Outcome.ToString(), OrNull(fate.Session), OrNull(fate.Number), burst);
            }
        }

        _transaction.Commit();
        Execute(Views);
    }

    public void Dispose()
    {
        _read.Dispose();
        _passing.Dispose();
        _event.Dispose();
        _transaction.Dispose();
        _connection.Dispose();
    }

    void Execute(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    SqliteCommand Command(string sql, int parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = _transaction;
        for (int i = 1; i <= parameters; i++)
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        return command;
    }

    static void Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (int i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        command.ExecuteNonQuery();
    }

    static long? OrNull(long value) => value == 0 ? null : value;

    static long Ms(long ticks) => Math.DivRem(ticks, TimeSpan.TicksPerMillisecond).Quotient;
}
