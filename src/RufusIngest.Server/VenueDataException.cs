namespace RufusIngest.Server;

/// <summary>
/// The file or database of a server cannot be used: it is another server's, not a venue server's, of a newer version,
/// damaged, cannot be reached, or the disk is full or read-only. The message names the file, or the database by host and
/// name, and says what to do.
/// </summary>
public sealed class VenueDataException : IOException
{
    internal VenueDataException(string message, string words = "", bool mayHeal = false)
        : base(message) => (Words, MayHeal) = (words, mayHeal);

    /// <summary>What is wrong, for clients: without the place of the data.</summary>
    internal string Words { get; }

    /// <summary>The same can succeed later without anybody looking into the data: a start, or a request.</summary>
    public bool MayHeal { get; }
}
