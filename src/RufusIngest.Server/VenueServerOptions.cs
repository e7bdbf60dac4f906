using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RufusIngest.Cloud;

namespace RufusIngest.Server;

/// <summary>How a <see cref="VenueServer"/> listens, whom it lets in and what it bounds. Read once, at start.</summary>
public sealed record VenueServerOptions
{
    /// <summary>Address and port to listen on; port 0 takes a free one. Loopback unless said otherwise.</summary>
    public IPEndPoint EndPoint { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>
    /// The file that keeps everything (SQLite): devices, sessions, passings, and the hashes of keys. It is made when it
    /// is not there; beside it live its log (-wal, -shm) and a lock (-lock), and one server at a time may use it. Null:
    /// everything is in memory and gone at the end, unless <see cref="Postgres"/> says where.
    /// </summary>
    public string? DataFile { get; init; }

    /// <summary>
    /// The database that keeps everything instead of a file: an Npgsql connection string, such as
    /// <c>Host=db.local;Database=venue;Username=timing</c>. Several servers may share it. The tables are made in the
    /// first schema of its Search Path that is there. A password is better left to PGPASSWORD or a passfile; it is
    /// never shown.
    /// </summary>
    public string? Postgres { get; init; }

    /// <summary>
    /// Keys, no key twice and at most 10 a company; they hold for this server's life beside those that the file or
    /// database keeps. In memory at least one; where none is kept, and none is here, a key is made:
    /// <see cref="VenueServer.NewKey"/>.
    /// </summary>
    public IReadOnlyList<VenueKey> Keys { get; init; } = [];

    /// <summary>
    /// How often the keys that the file or database keeps are looked at again: a key that another program or host added
    /// or revoked holds, or ends, so much later at most.
    /// </summary>
    public TimeSpan KeyRenewal { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How it behaves where the API's documentation leaves it open; a member that is null means the server's default,
    /// which is as tolerant as the documentation allows. What it cannot imitate it logs once as a warning and does its
    /// own way: another duplicate key than the number, a batch stored without its invalid passings, and ranges that
    /// leave out their ends.
    /// </summary>
    public CloudProfile Profile { get; init; } = new();

    /// <summary>What <c>GET /v0/events</c> lists, in this order; the API has no way to write events.</summary>
    public IReadOnlyList<VenueEvent> Events { get; init; } = [];

    /// <summary>
    /// Largest request body in bytes, as sent and, when it is compressed (gzip, brotli), decompressed; a larger one is
    /// answered with 413.
    /// </summary>
    public int MaxBodyBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// Most passings in one POST, unless the profile names fewer; more are answered with 413 and none is stored.
    /// </summary>
    public int MaxPassingsPerPost { get; init; } = 50_000;

    /// <summary>Longest text member in UTF-8 bytes, at most 4,096; a longer one is answered with 400.</summary>
    public int MaxTextLength { get; init; } = 256;

    /// <summary>Most connections open at once; further ones are closed by the listener.</summary>
    public int MaxConnections { get; init; } = 1_000;

    /// <summary>
    /// Most requests of a key in a second; it saves up those of one second, and the next are answered with 429 and
    /// <c>Retry-After</c>. Requests without a known key share one such budget. Null, the default: as many as come. Up
    /// to 10,000.
    /// </summary>
    public int? MaxRequestsPerSecond { get; init; }

    /// <summary>
    /// Serves a page for people at <c>/</c>: devices, sessions, passings as they come in, and CSV files; and one at
    /// <c>/reference</c> that shows the API, to anybody. A reading key signs in to the first. Requests over loopback need no key while all keys are one company's: set this false on a machine
    /// whose other users must not see the passings.
    /// </summary>
    public bool Page { get; init; } = true;

    /// <summary>Source of the times of binding, opening and last contact.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where logs go; the caller keeps ownership. Keys are never logged.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Slower bodies end with 408.</summary>
    internal const int MinBodyBytesPerSecond = 240;

    /// <summary>A body that is not here after it ends with 408, however steadily it comes.</summary>
    internal static TimeSpan MaxBodyTime { get; } = TimeSpan.FromMinutes(2);

    /// <summary>Time that a body may take before its rate counts; above a second.</summary>
    internal TimeSpan BodyGracePeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where the data is, for people: the file, or the database's host, port and name; "memory".</summary>
    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    public string DataPlace => DataFile
        ?? (Postgres is null ? "memory" : PostgresDatabase.PlaceOf(PostgresDatabase.Parse(Postgres)));

    /// <summary>Where it listens; no secret.</summary>
    public override string ToString() => $"{nameof(VenueServer)} at {EndPoint}";

    internal bool KeepsKeys => DataFile is not null || Postgres is not null;

    internal void Validate()
    {
        if (DataFile is not null && Postgres is not null)
            throw new ArgumentException($"{nameof(DataFile)} and {nameof(Postgres)} cannot both keep the data.");
        if (Postgres is not null)
            PostgresDatabase.Parse(Postgres);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBodyBytes, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxBodyBytes, 1 << 30);
        ArgumentOutOfRangeException.ThrowIfLessThan(KeyRenewal, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(KeyRenewal, TimeSpan.FromDays(1));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPassingsPerPost);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxTextLength, Hex64.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxTextLength, 4_096);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxConnections);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRequestsPerSecond ?? 1, 1, nameof(MaxRequestsPerSecond));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            MaxRequestsPerSecond ?? 1, RequestLimiter.MostPerSecond, nameof(MaxRequestsPerSecond));
    }
}
