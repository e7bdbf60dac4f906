namespace RufusIngest.Server;

/// <summary>
/// What a key may do: the API's access types (GET needs reading, POST and PATCH need writing) and its unbind flag.
/// </summary>
[Flags]
public enum VenueAccess
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The API's READ.</summary>
    Read = 1,

    /// <summary>The API's WRITE; it cannot read back.</summary>
    Write = 2,

    /// <summary>The API's READ_WRITE; it cannot unbind.</summary>
    ReadWrite = Read | Write,

    /// <summary>
    /// The API's flag to unbind devices, which DELETE needs beside any access type. Here unbinding destroys nothing,
    /// unlike in the cloud: the device leaves the lists, its serial number can be bound anew and then gets another
    /// identifier, and its sessions are closed but stay readable by their tokens.
    /// </summary>
    Unbind = 4,
}
