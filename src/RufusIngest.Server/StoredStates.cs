using System.Buffers.Binary;

namespace RufusIngest.Server;

/// <summary>A bound device as it stood when it was read; times in milliseconds since the Unix epoch.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Description">What it says of itself.</param>
/// <param name="CreatedMs">When it was bound.</param>
/// <param name="WrittenMs">When it was bound, also again, or something was last written to one of its sessions.</param>
/// <param name="Sessions">How many it had.</param>
/// <param name="Passings">How many these hold.</param>
sealed record DeviceState(
    string Id, DeviceDescription Description, long CreatedMs, long WrittenMs, int Sessions, long Passings);

/// <summary>What a device says of itself when it is bound.</summary>
sealed record DeviceDescription(string SerialNumber, string Model, string? Type, string? Alias, string? Firmware);

/// <summary>A session as it stood when it was read.</summary>
sealed record SessionState(string Token, string? Alias, long CreatedMs, SessionInfo Info);

/// <summary>A key as it is kept.</summary>
/// <param name="Name">What logs call it.</param>
/// <param name="Hash">SHA-256 of the secret's UTF-8 bytes.</param>
/// <param name="Access">What it may do.</param>
/// <param name="Company">Whose devices it sees.</param>
sealed record StoredKey(string Name, byte[] Hash, VenueAccess Access, int Company)
{
    /// <summary>Tells it from other keys and says nothing about the secret; not 0.</summary>
    public ulong Id => Math.Max(BinaryPrimitives.ReadUInt64LittleEndian(Hash), 1);
}

/// <summary>Why an insert stored nothing, or that it did.</summary>
enum InsertStatus : byte
{
    Stored,
    Closed,
    Full,
    Unknown,
}

/// <summary>What became of a batch.</summary>
readonly record struct InsertResult(InsertStatus Status, int Inserted = 0, int Duplicates = 0, int Conflicts = 0);

/// <summary>What GET /sessions/{token} tells of a session; times in milliseconds since the Unix epoch.</summary>
readonly record struct SessionInfo(bool Active, int Passings, long FirstMs, long LastMs);

/// <summary>A stored passing that a passing of a batch, by its row, disagrees with.</summary>
sealed record PassingConflict(int Row, string DeviceId, long Number, long TimeMs, TextSlices Texts, byte[] Bytes);
