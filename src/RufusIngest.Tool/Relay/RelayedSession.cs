using RufusIngest.Cloud;

namespace RufusIngest.Tool.Relay;

/// <summary>
/// One session of the venue server as the relay's file knows it, and as this run sees it. Its store alone changes what the
/// file keeps; the rest is its line's.
/// </summary>
/// <param name="token">Its token at the venue server.</param>
/// <param name="location">Its device: the serial number there.</param>
/// <param name="number">Which session of the device it is, from 1, in the order in which the relay met them.</param>
sealed class RelayedSession(string token, string location, int number)
{
    public string Token => token;

    public string Location => location;

    public int Number => number;

    /// <summary>The session at the cloud; null: none yet.</summary>
    public string? CloudToken { get; set; }

    /// <summary>Somebody named the cloud session: it may have passings, and is not ours to close.</summary>
    public bool IsNamed { get; set; }

    /// <summary>A request to open the cloud session went out; without an answer it may be open all the same.</summary>
    public bool MayBeOpened { get; set; }

    /// <summary>Closed at the venue server and relayed to its end.</summary>
    public bool IsDone { get; set; }

    /// <summary>Highest number that may have been sent.</summary>
    public int SentTo { get; set; }

    /// <summary>Numbers that the cloud has, or that are set aside.</summary>
    public NumberRanges Known { get; } = new();

    public int SetAside { get; set; }

    /// <summary>Its display name at the venue server, in this run.</summary>
    public string? Alias { get; set; }

    /// <summary>How many passings the venue server has of it, as it said last; null: it did not.</summary>
    public int? AtVenue { get; set; }

    /// <summary>Passings that no request can carry: their number is not an integer of 31 bits, or they have no time.</summary>
    public int Unsendable { get; set; }

    /// <summary>The line looked at it in this run.</summary>
    public bool IsLookedAt { get; set; }

    /// <summary>Number behind the last one read in this run; null: none was.</summary>
    public int? ReadTo { get; set; }

    /// <summary>What <see cref="AtVenue"/> was when all numbers were last read.</summary>
    public int? ReadWhole { get; set; }

    /// <summary>Why the cloud takes no more of it for now; null: it does.</summary>
    public StoppedSession? Stopped { get; set; }

    /// <summary>Passings that the venue server is known to have and the cloud is not.</summary>
    public long Left => Math.Max(0, (AtVenue ?? 0) - Known.Count);

    /// <summary>All that the venue server says it has is known.</summary>
    public bool IsComplete => AtVenue == Known.Count + Unsendable;
}
